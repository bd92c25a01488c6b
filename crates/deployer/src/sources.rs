//! Which files the contracts are made of: the roots and everything they import, named as forge names them.

use crate::build_error::BuildError;
use crate::settings::CompilerSettings;
use foundry_compilers::artifacts::sources::{Source, Sources};
use foundry_compilers::resolver::parse::SolParser;
use foundry_compilers::{Graph, ProjectPathsConfig};
use std::path::{Path, PathBuf};

/// The sources of `roots` (file names in the contracts' folder) with all they import; paths relative to `checkout`.
pub(crate) fn collect(checkout: &Path, settings: &CompilerSettings, roots: &[&str]) -> Result<Sources, BuildError> {
    let packages = checkout.join("node_modules");
    if !packages.is_dir() {
        return Err(BuildError::NotInstalled { path: packages });
    }
    let folder = checkout.join(&settings.src);
    let mut sources = Sources::new();
    for root in roots {
        let path = folder.join(root);
        let text = std::fs::read_to_string(&path).map_err(|source| BuildError::File { path: path.clone(), source })?;
        sources.insert(path, Source::new(text));
    }
    let paths = ProjectPathsConfig::builder()
        .sources(&folder)
        .lib(&packages)
        .remappings(settings.remappings.iter().cloned())
        .build_with_root(checkout);
    let graph = Graph::<SolParser>::resolve_sources(&paths, sources)
        .map_err(|error| BuildError::Rejected { diagnostics: error.to_string() })?;
    let (sources, edges) = graph.into_sources();

    let mut missing: Vec<String> =
        edges.unresolved_imports().iter().map(|(import, file)| import_in(checkout, import, file)).collect();
    if !missing.is_empty() {
        missing.sort();
        return Err(BuildError::ImportMissing { imports: missing });
    }
    Ok(sources.into_iter().map(|(path, source)| (relative(checkout, &path), source)).collect())
}

fn import_in(checkout: &Path, import: &Path, file: &Path) -> String {
    format!("{} (in {})", import.display(), relative(checkout, file).display())
}

fn relative(checkout: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(checkout).unwrap_or(path).to_path_buf()
}
