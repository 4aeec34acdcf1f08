"""From raw files in several formats to one record form, with a reason for every row that fails."""
