"""Every text that a user can see, in English and Russian, and the system's own errors."""
