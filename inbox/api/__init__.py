"""The JSON API: handlers parse, call one verb or one query, and answer with what a query returned."""
