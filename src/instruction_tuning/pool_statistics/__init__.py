"""What a pool of instructions consists of: lengths, verbs and their objects, topics, words, origins."""
