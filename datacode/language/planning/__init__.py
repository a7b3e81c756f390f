"""From the tree to the plan: every name resolved, every type inferred, every choice made."""
