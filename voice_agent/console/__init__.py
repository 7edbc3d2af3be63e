"""The dispatchers' pages: live calls, waiting callers, approvals, past calls, numbers and settings."""
