//! The paths that a source file names, resolved: `use` trees, inline paths, and what stands in macros.

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, Macro, UseTree};

/// The library as the program names it.
const LIBRARY: &str = "websocketd";

/// A path from the root of a crate: `crate` is ours.
pub(super) type Name = Vec<String>;

/// All paths that `source`, the text of module `module`, names outside its tests. A path that does not start at a crate or a
/// module in sight (a type, a local name) is given as it stands.
pub(super) fn names(source: &str, module: &[String]) -> Vec<Name> {
    let file = syn::parse_file(source).expect("a source file that parses");
    if file.attrs.iter().any(is_test) {
        return Vec::new();
    }
    let mut collector = Collector {
        module: module.to_vec(),
        children: vec![children(&file.items)],
        found: Vec::new(),
    };
    collector.visit_file(&file);
    collector.found
}

struct Collector {
    module: Vec<String>,
    /// Modules declared in `module` and its inline parents, the innermost last.
    children: Vec<Vec<String>>,
    found: Vec<Name>,
}

fn children(items: &[Item]) -> Vec<String> {
    let modules = items.iter().filter_map(|item| match item {
        Item::Mod(module) => Some(module.ident.to_string()),
        _ => None,
    });
    modules.collect()
}

fn is_test(attribute: &Attribute) -> bool {
    let is_cfg = attribute.path().is_ident("cfg");
    is_cfg && matches!(&attribute.meta, syn::Meta::List(list) if list.tokens.to_string() == "test")
}

impl Collector {
    fn add(&mut self, segments: &[String]) {
        let name = self.resolve(segments);
        self.found.push(name);
    }

    fn resolve(&self, segments: &[String]) -> Name {
        let ours = || vec!["crate".to_owned()];
        let inside = |module: &[String], rest: &[String]| [&ours()[..], module, rest].concat();
        let Some((first, mut rest)) = segments.split_first() else {
            return Vec::new();
        };
        match first.as_str() {
            "crate" | LIBRARY => inside(&[], rest),
            "self" => inside(&self.module, rest),
            "super" => {
                let mut depth = self.module.len().saturating_sub(1);
                while rest.first().is_some_and(|segment| segment == "super") {
                    depth = depth.saturating_sub(1);
                    rest = &rest[1..];
                }
                inside(&self.module[..depth], rest)
            }
            name if self
                .children
                .last()
                .is_some_and(|all| all.iter().any(|own| own == name)) =>
            {
                inside(&self.module, segments)
            }
            _ => segments.to_vec(),
        }
    }

    fn add_tree(&mut self, prefix: &mut Vec<String>, tree: &UseTree) {
        let before = prefix.len();
        match tree {
            UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.add_tree(prefix, &path.tree);
            }
            UseTree::Name(name) if name.ident == "self" => self.add(prefix),
            UseTree::Name(name) => {
                prefix.push(name.ident.to_string());
                self.add(prefix);
            }
            UseTree::Rename(rename) if rename.ident == "self" => self.add(prefix),
            UseTree::Rename(rename) => {
                prefix.push(rename.ident.to_string());
                self.add(prefix);
            }
            UseTree::Glob(_) => self.add(prefix),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_tree(prefix, tree);
                }
            }
        }
        prefix.truncate(before);
    }

    /// Paths in the tokens of a macro, which only the macro can parse.
    fn add_tokens(&mut self, tokens: proc_macro2::TokenStream) {
        use proc_macro2::TokenTree::{Group, Ident, Literal, Punct};
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                Ident(ident) if colons == 2 && !path.is_empty() => path.push(ident.to_string()),
                Ident(ident) => {
                    self.add(&std::mem::take(&mut path));
                    path.push(ident.to_string());
                }
                Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                Group(group) => {
                    self.add(&std::mem::take(&mut path));
                    self.add_tokens(group.stream());
                }
                Punct(_) | Literal(_) => self.add(&std::mem::take(&mut path)),
            }
            colons = 0;
        }
        self.add(&path);
    }
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !attributes.iter().any(is_test) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if let Some((_, items)) = &module.content {
            self.module.push(module.ident.to_string());
            self.children.push(children(items));
            visit::visit_item_mod(self, module);
            self.children.pop();
            self.module.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.add_tree(&mut Vec::new(), &item.tree);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        self.add(&[item.ident.to_string()]);
    }

    /// `pub(in ...)` names where a thing may be used, and uses nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter();
        let segments: Vec<String> = segments.map(|segment| segment.ident.to_string()).collect();
        self.add(&segments);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        self.add_tokens(call.tokens.clone());
    }
}
