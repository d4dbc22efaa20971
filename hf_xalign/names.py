"""Names in a checkpoint's folder that more than one module knows."""

XALIGN_CONFIG_NAME = "xalign_config.json"
XALIGN_HEADS_NAME = "xalign_heads.safetensors"
XALIGN_EXPORT_NAME = "xalign_export.json"
# PEFT's.
ADAPTER_CONFIG_NAME = "adapter_config.json"
ADAPTER_WEIGHTS_NAME = "adapter_model.safetensors"
# How the parameters begin that only training needs: `xalign_heads`, `xalign_languages`.
OWN_PREFIX = "xalign_"
