"""The Studio's tables, the database they live in (SQLite or PostgreSQL) and its migrations; rules live in the desk."""
