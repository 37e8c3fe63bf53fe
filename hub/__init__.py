"""hookhub: an automation hub. Events in, signed deliveries out."""

__version__ = "0.1.0"
