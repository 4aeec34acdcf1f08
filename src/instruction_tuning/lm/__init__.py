"""Language models: generate, score, embed.

Every question is a `ChatRequest`, and who answers it an `Endpoint` (protocol.py). Behind it is a
`LanguageModel` with these three methods: an OpenAI-compatible server (openai_endpoint.py), or with
`base_url: local:<folder>` a model folder in this process (local_endpoint.py). What cannot do one of them says
what can.

    generate   request_parameters.complete, and `complete_at` for several endpoints at once: each request is
               looked up in the completion store, what is missing is sent within a budget, a row a sample
    score      the same with `with_top_tokens`: top_tokens.expected_value reads a number's tokens
    embed      embedding_endpoint.embed_at_endpoint: each text once, kept by content

What needs a model's insides takes a `ModelFolder` (model_folder.py), which a server does not give:

    generate   local.sample_completions without the store
    score      answer_likelihood.answer_likelihoods (losses of answers), scored_sequences.summed_losses
    embed      embeddings.embed_cached: any layer, mean or last token

All of them read folders by loading.py: CUDA where there is one, bfloat16 where it has that, batches of like
length.
"""
