"""The state and the verbs. Knows connectors and playbook only by their front doors."""
