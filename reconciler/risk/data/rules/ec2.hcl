# Servers and networks.
