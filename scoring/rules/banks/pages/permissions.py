"""Who may see and change hash banks."""

VIEW, DEFINE = "scoring.view_bank", "scoring.change_bank"
ADD, CHANGE, IMPORT = "scoring.add_bankitem", "scoring.change_bankitem", "scoring.import_bankitem"
