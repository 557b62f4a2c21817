"""The license server: serves a customer's license to operators, counts seats, reports usage."""
