namespace Mayfly.Packages.Python.Resolving;

/// <summary>
/// Addresses that something is asked for by, as far as they are known. Those that somebody outside names are the only place of their project. One that a distribution names counts only together with that
/// distribution: the address becomes a release of its project that requires one of those which name it. What is found is added, and the question begins anew.
/// </summary>
internal sealed class DirectReleases
{
    private readonly Dictionary<ProjectName, string> _outside = [];
    private readonly Dictionary<ProjectName, Dictionary<string, HashSet<(ProjectName Project, ProjectName? Extra, PythonVersion Version)>>> _found = [];

    /// <summary>Somebody outside names it; the first one for a project counts, and a second one will not be met.</summary>
    public void AddOutside(ProjectName project, string address) => _outside.TryAdd(project, address);

    /// <summary>The only place that a project comes from; null where indexes may have it.</summary>
    public string? OutsideOf(ProjectName project) => _outside.GetValueOrDefault(project);

    /// <summary>A distribution names it. True when that was not known yet.</summary>
    public bool Add(ProjectName project, string address, (ProjectName Project, ProjectName? Extra, PythonVersion Version) by)
    {
        if (!_found.TryGetValue(project, out var addresses))
            _found.Add(project, addresses = []);
        if (!addresses.TryGetValue(address, out var those))
            addresses.Add(address, those = []);
        return those.Add(by);
    }

    /// <summary>Addresses of a project that distributions name.</summary>
    public IEnumerable<string> Of(ProjectName project) => _found.TryGetValue(project, out var addresses) ? addresses.Keys : [];

    /// <summary>Who names it; empty where that does not matter, since somebody outside does.</summary>
    public IReadOnlyCollection<(ProjectName Project, ProjectName? Extra, PythonVersion Version)> Naming(ProjectName project, string address) =>
        _outside.ContainsKey(project) || !_found.TryGetValue(project, out var addresses) ? [] : addresses.GetValueOrDefault(address) ?? [];
}
