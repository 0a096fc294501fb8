"""Turn linear pixels into what a camera delivers: exposure, tone curve."""
