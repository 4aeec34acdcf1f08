"""Documents cut into the texts under their headers, which may answer an instruction that nobody wrote."""
