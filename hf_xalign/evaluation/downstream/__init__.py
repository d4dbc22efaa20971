"""Does better alignment help? Fine-tuning in one language, tests in it and, without further training, in others."""
