"""What runs on the far side of the pipe: the warden, and the processes that it confines.

Only the standard library and these modules are imported here: the warden is started with `-S`, as bare as
can be.
"""
