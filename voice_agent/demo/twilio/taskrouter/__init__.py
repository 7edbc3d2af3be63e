"""TaskRouter: tasks find workers through workflows and queues, by reservations (sheet section 5.5)."""
