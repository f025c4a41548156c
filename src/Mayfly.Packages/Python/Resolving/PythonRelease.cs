namespace Mayfly.Packages.Python.Resolving;

/// <summary>One version of a project, with the file of it that an interpreter likes best.</summary>
/// <param name="Version">Which one.</param>
/// <param name="File">A wheel, or sources; null for what is there already.</param>
/// <param name="IsYanked">True when its project withdrew it (PEP 592).</param>
internal sealed record PythonRelease(PythonVersion Version, IndexFile? File, bool IsYanked)
{
    public bool IsSource { get; } = File is not null && (File.Direct is null ? SourceName.TryParse(File.Name) is not null : !File.Direct.IsWheel);
}
