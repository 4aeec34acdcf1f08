"""Documents become segments that may answer an instruction nobody wrote (backtranslation)."""
