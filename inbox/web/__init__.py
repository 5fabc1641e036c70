"""What people see: handlers parse, call one verb or one query, and render."""
