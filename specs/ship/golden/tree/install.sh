#!/bin/sh
kubectl apply -f k8s/
