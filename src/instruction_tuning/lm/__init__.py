"""Language models: endpoints over HTTP, model folders, the store of paid-for completions."""
