"""What a program leaves behind, in other forms: ``sqlite`` writes its model as a database."""
