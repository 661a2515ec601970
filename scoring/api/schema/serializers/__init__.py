"""The shapes of answers, labels and corrections, as serializers that the OpenAPI document is made from.

They only describe: views parse requests themselves and write answers with orjson. A test validates real
answers against the document. Clients see the docstrings and help texts.
"""
