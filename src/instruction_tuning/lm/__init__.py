"""Language models: generate, score, embed.

Every question is a `ChatRequest`, and who answers it an `Endpoint` (protocol.py): an OpenAI-compatible server
(openai_endpoint.py), or with `base_url: local:<folder>` a model folder in this process (local_endpoint.py).
`request_parameters.complete`, and `complete_at` for several endpoints at once, look each request up in the
completion store, send what is missing within a budget, and return one row a sample, whoever answered.

What needs a model's insides takes a `ModelFolder` (model_folder.py), which a server does not give:

    generate   request_parameters.complete; local.sample_completions without the store
    score      answer_likelihood.answer_likelihoods (losses of answers), scored_sequences.summed_losses
    embed      embeddings.embed_cached, which keeps vectors by content as the store keeps answers

All three read folders by loading.py: CUDA where there is one, bfloat16 where it has that, batches of like
length.
"""
