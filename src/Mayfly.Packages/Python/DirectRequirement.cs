namespace Mayfly.Packages.Python;

/// <summary>A line that names a folder, a file or an address, as pip takes such lines apart; which project it is may not be known yet.</summary>
/// <param name="Name">Null where only the thing itself can tell.</param>
/// <param name="Extras">Of its optional parts, those that are wanted.</param>
/// <param name="Reference">Where it is.</param>
/// <param name="Marker">When it counts; null: always.</param>
internal sealed record DirectRequirement(ProjectName? Name, IReadOnlyList<ProjectName> Extras, DirectReference Reference, Marker? Marker)
{
    /// <summary>Null when the line is a requirement by name.</summary>
    /// <param name="entry">The line. A path is meant from the folder in which the command runs, whatever file it stands in, as pip has it, unless the line says another one.</param>
    /// <exception cref="MayflyException">There is no such thing, or nothing is installed from it.</exception>
    public static DirectRequirement? TryRead(RequirementsEntry entry)
    {
        var text = entry.Text.Trim();
        if (entry.IsEditable)
        {
            // As it is written once its name has been found.
            if (text.Contains(" @ ", StringComparison.Ordinal) && DependencySpecifier.Parse(text) is { Address: { } address } named)
                return new DirectRequirement(named.Name, named.Extras, DirectReference.Read(address, isEditable: true), named.Marker);
            var (place, wanted) = Split(text);
            return Of(DirectReference.Read(DirectReference.IsAddress(place) || DirectReference.IsVersionControl(place) ? place : DirectReference.OfPath(place.Length == 0 || place.Contains('\0', StringComparison.Ordinal) ? place : entry.PathOf(place)), isEditable: true), wanted, null);
        }

        var isAddress = DirectReference.IsAddress(text) || DirectReference.IsVersionControl(text);
        // In an address a semicolon without a blank is a sign like any other.
        var marker = text.IndexOf(isAddress ? "; " : ";", StringComparison.Ordinal);
        var what = (marker < 0 ? text : text[..marker]).Trim();
        if (isAddress)
            return Of(DirectReference.Read(what), [], Read());
        var (path, extras) = Split(what);
        if ((LooksLikePath(path) && Directory.Exists(entry.PathOf(path))) || (DirectReference.IsArchive(path) && File.Exists(entry.PathOf(path))))
            return Of(DirectReference.Read(DirectReference.OfPath(entry.PathOf(path))), extras, Read());
        // What stands before the sign is the name of a project, and an address follows.
        if (path.IndexOf('@') is > 0 and var at && !LooksLikePath(path[..at]))
            return null;
        return path.StartsWith('.') || path.StartsWith('/') || DirectReference.IsArchive(path) || (LooksLikePath(path) && path.AsSpan().IndexOfAny("<>=!~; @") < 0) ? throw new MayflyException($"there is no file or folder {path}", $"paths are meant from {entry.Folder ?? "the folder in which the command runs"}") : null;

        Marker? Read() => marker < 0 ? null : Marker.Parse(text[(marker + 1)..].Trim());
    }

    private static DirectRequirement Of(DirectReference reference, IReadOnlyList<ProjectName> extras, Marker? marker) =>
        new((reference.IsWheel ? WheelName.TryParse(reference.FileName)?.Project : null) ?? reference.Project ?? (reference.IsFolder ? null : SourceName.TryParse(reference.FileName)?.Project), extras, reference, marker);

    /// <summary>A requirement that has an address.</summary>
    public static DirectRequirement Of(DependencySpecifier dependency) => new(dependency.Name, dependency.Extras, DirectReference.Read(dependency.Address!), dependency.Marker);

    /// <summary>As it stands in a file. Without a name an address has no room for extras, and a path none for a fragment.</summary>
    public override string ToString() => Name is { } name ? Named(name).ToString()
        : $"{(Extras.Count == 0 ? Reference.Text : $"{Reference.Path}[{string.Join(',', Extras)}]")}{(Marker is null ? "" : $" ; {Marker}")}";

    /// <summary>The requirement, once the name is known.</summary>
    public DependencySpecifier Named(ProjectName name) => new() { Name = name, Extras = Extras, Address = Reference.Text, Marker = Marker };

    private static (string Place, IReadOnlyList<ProjectName> Extras) Split(string text) =>
        text.EndsWith(']') && text.LastIndexOf('[') is > 0 and var bracket ? (text[..bracket], DependencySpecifier.Parse($"placeholder{text[bracket..]}").Extras) : (text, []);

    private static bool LooksLikePath(string text) => text.Contains('/', StringComparison.Ordinal) || text.StartsWith('.');
}
