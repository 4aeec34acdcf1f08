"""What TRL does not do: pre-training, exact packing in stacked rows, runs that survive a kill."""
