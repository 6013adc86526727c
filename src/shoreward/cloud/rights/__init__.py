"""Rights: who a function is when it calls a service, which rights that call needs, and whether its role has them."""
