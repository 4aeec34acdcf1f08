"""(pool, ...) -> Series or DataFrame by record id: what a record is worth. A missing measurement is NaN."""
