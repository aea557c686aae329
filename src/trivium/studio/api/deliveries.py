"""Stub until the desk has deliveries."""
from fastapi import APIRouter
router = APIRouter()
