"""The Tekton Pipeline and PipelineRun that `render` prints, since Tekton cannot loop over a ladder."""
