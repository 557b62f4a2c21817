"""Tests of shipper.license."""
