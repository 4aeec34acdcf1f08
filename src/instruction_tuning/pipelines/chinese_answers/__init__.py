"""Verified English examples in Chinese, by translating the instruction and by translating the answer."""
