"""The helpdesk that is a Request Tracker 5, by its REST 2 interface."""
