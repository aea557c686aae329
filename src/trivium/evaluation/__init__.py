"""Numbers with n and interval, suites, and the report page."""
