"""What an admin wants to know of a time: who used the product, how much, and who was refused."""
