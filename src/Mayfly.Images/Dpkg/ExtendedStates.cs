using System.Text;

namespace Mayfly.Images.Dpkg;

/// <summary>
/// apt's file <c>extended_states</c>: the packages that were installed only because others need them, so that
/// <c>apt-get autoremove</c> may take them away.
/// </summary>
/// <remarks>
/// What it keeps: those packages, by name and architecture. How it changes: each layer of packages adds its own, and takes away what is now asked
/// for by name. The order is that of apt's own cache, which it writes the file from in one go, so that the layers do not show; what is added later
/// follows what was there, as apt keeps the order of the file that it finds (pkgDepCache::writeStateFile).
/// </remarks>
internal sealed class ExtendedStates
{
    public const string Path = "var/lib/apt/extended_states";

    private readonly HashSet<(string Name, string Architecture)> _automatic = [];
    private readonly List<(string Name, string Architecture)> _found = [];
    private bool _isAddition;

    public bool IsEmpty => _automatic.Count == 0;

    public static ExtendedStates Parse(string text)
    {
        var states = new ExtendedStates();
        foreach (var stanza in text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = ControlStanza.Parse(DpkgPackage.Bytes.GetBytes(stanza.Trim('\n')));
            if (ControlStanza.Find(fields, "Auto-Installed") == "1")
                states._found.Add((ControlStanza.Find(fields, "Package"), ControlStanza.Find(fields, "Architecture")));
        }

        states._automatic.UnionWith(states._found);
        return states;
    }

    /// <param name="stages">What was installed.</param>
    /// <param name="requests">What was asked for.</param>
    /// <param name="architecture">The image's own, which apt writes for packages of <c>all</c>.</param>
    /// <param name="isBase">Over nothing apt installs nothing itself in the first stage, and then asks for all packages of priority required.</param>
    /// <param name="isAddition">apt was here before.</param>
    /// <param name="automatic">Of a base, those that apt would note, where the lock says it; null to go by the packages' own priorities.</param>
    public void Add(IReadOnlyList<DpkgStage> stages, IReadOnlyList<string> requests, string architecture, bool isBase, bool isAddition, IReadOnlyList<string>? automatic = null)
    {
        _isAddition = isAddition;
        var asked = requests.Select(static request => request.Split([' ', '=', ':', '/', '('], 2)[0]).ToHashSet(StringComparer.Ordinal);
        _automatic.RemoveWhere(state => asked.Contains(state.Name));
        foreach (var package in stages.Skip(isBase ? 1 : 0).SelectMany(static stage => stage.Packages).Where(package => !asked.Contains(package.Name)))
        {
            // libapt counts itself among the essential packages (pkgCacheGen::ForceEssential), whatever its control file says.
            if (!isBase || (automatic?.Contains($"{package.Name}:{package.Architecture}") ?? (package.Field("Priority") != "required" && package.Name != "apt")))
                _automatic.Add((package.Name, package.Architecture == "all" ? architecture : package.Architecture));
        }
    }

    public override string ToString() => string.Concat(_automatic.OrderBy(state => _isAddition && _found.IndexOf(state) is var at and >= 0 ? at : int.MaxValue).ThenBy(static state => CacheBin(state.Name)).ThenBy(static state => state.Name, StringComparer.Ordinal)
        .ThenBy(static state => state.Architecture, StringComparer.Ordinal)
        .Select(static state => $"Package: {state.Name}\nArchitecture: {state.Architecture}\nAuto-Installed: 1\n\n"));

    /// <summary>A name's place in apt's cache (pkgCache::sHash over APT::Cache-HashTableSize bins).</summary>
    private static uint CacheBin(string name)
    {
        var hash = 5381u;
        foreach (var b in Encoding.UTF8.GetBytes(name))
            hash = unchecked((33 * hash) + b);
        return hash % 196613;
    }
}
