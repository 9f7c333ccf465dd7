"""The pages: the plan for everybody, committees, and the desk."""
