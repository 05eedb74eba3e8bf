include: "workflow/Snakefile"


workflow.default_target = "all"  # an included rule is not taken for the default
