using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Python.Resolving;

/// <summary>Finds out which projects they are that a requirements file names by a path or an address alone.</summary>
public static class DirectNames
{
    /// <summary>The addresses of what a file names in its own lines, none of which need be read.</summary>
    /// <exception cref="MayflyException">There is no such thing, or nothing is installed from it.</exception>
    public static IReadOnlySet<string> Addresses(IEnumerable<RequirementsEntry> entries) => entries.Select(static entry => DirectRequirement.TryRead(entry)?.Reference.Text ?? DependencySpecifier.Parse(entry.Text).Address).OfType<string>().ToHashSet();

    /// <summary>What a line names by a path or an address; null for a project by its name alone.</summary>
    internal static DirectReference? ReferenceOf(RequirementsEntry entry) => RequirementOf(entry)?.Reference;

    /// <summary>The same with all that the line says.</summary>
    internal static DirectRequirement? RequirementOf(RequirementsEntry entry)
    {
        try
        {
            return DirectRequirement.TryRead(entry) ?? (DependencySpecifier.Parse(entry.Text) is { Address: not null } dependency ? DirectRequirement.Of(dependency) : null);
        }
        catch (MayflyException e)
        {
            throw new MayflyException(entry.Told(e.Message), e.Hint, e);
        }
    }

    /// <summary>The same file, in which every such line says its project: <c>name[extra] @ address</c>.</summary>
    /// <param name="store">Gets archives that must be looked into.</param>
    /// <param name="file">The file.</param>
    /// <param name="target">The interpreter: what does not count for it is not looked at.</param>
    /// <param name="builderOf">Builds what only its own build can name, with what may be taken.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="settings">How patient it is; null for the usual.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="MayflyException">Something is not there, or is no project.</exception>
    public static async Task<RequirementsFile> FindAsync(Store store, RequirementsFile file, PythonTarget target, Func<PythonSources, ISourceBuilder?> builderOf, IProgress<Activity>? progress = null, TransferSettings? settings = null, CancellationToken cancellationToken = default)
    {
        List<RequirementsEntry> entries = [];
        foreach (var entry in file.Entries)
            entries.Add(await NamedAsync(entry).ConfigureAwait(false));
        return file with { Entries = entries };

        async Task<RequirementsEntry> NamedAsync(RequirementsEntry entry)
        {
            try
            {
                if (DirectRequirement.TryRead(entry) is not { } direct)
                    return entry;
                return entry with { Text = direct.Named(direct.Name ?? FolderName(direct.Reference) ?? await AskAsync(direct).ConfigureAwait(false)).ToString() };
            }
            catch (MayflyException e) when (!e.Message.StartsWith(entry.Place, StringComparison.Ordinal))
            {
                throw new MayflyException(entry.Told(e.Message), e.Hint, e);
            }
        }

        async Task<ProjectName> AskAsync(DirectRequirement direct)
        {
            var others = file with { Entries = [.. file.Entries.Where(static entry => entry.IsConstraint && DirectRequirement.TryRead(entry) is null)] };
            var address = direct.Reference.Text;
            var sources = PythonRequirements.Of(others with { RequiresHashes = false }, new PythonSources(), target).Sources;
            sources = sources with
            {
                RequireDigests = false,
                Editable = direct.Reference.IsEditable ? new HashSet<string> { address } : sources.Editable,
                Builds = sources.Builds.And(new BuildPermission { Addresses = direct.Reference.IsFolder ? new HashSet<string> { address } : [] }),
            };
            using var transport = new Transport(settings ?? TransferSettings.FromEnvironment(), sources.Access);
            await using var index = new IndexClient(store, transport, sources, builderOf(sources), progress, cancellationToken);
            var found = await index.DirectAsync(null, address).ConfigureAwait(false);
            // The name of a project may not be left to its build (PEP 621), which then needs the permission of that project alone.
            if (found.Direct is { IsFolder: false, IsWheel: false } archive && SourceArchive.ProjectFile(store.PathOf(StoreArea.Artifacts, found.Hashes["sha256"]), found.Name, archive.Subdirectory) is { } text)
            {
                if (PythonProject.Read(text, $"pyproject.toml of {archive.Name}").Name is { } name)
                    return name;
            }

            return (await index.MetadataAsync(found).ConfigureAwait(false)).Name;
        }
    }

    /// <summary>The name of a project may not be left to its build (PEP 621).</summary>
    internal static ProjectName? FolderName(DirectReference reference) =>
        reference.IsFolder && Path.Combine(reference.Path!, reference.Subdirectory ?? "", "pyproject.toml") is var file && File.Exists(file) ? PythonProject.Read(File.ReadAllText(file), file).Name : null;
}
