"""The pipelines: nodes.py says what is done, pipeline.py how it is wired."""
