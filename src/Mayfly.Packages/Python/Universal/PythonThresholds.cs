using System.Globalization;
using System.Numerics;

namespace Mayfly.Packages.Python.Universal;

/// <summary>
/// Releases within minor versions of Python at which an answer may change: whatever a marker or a <c>Requires-Python</c> was compared with. Between two neighbours all interpreters
/// of a minor version get the same.
/// </summary>
public sealed class PythonThresholds
{
    private readonly SortedSet<(int Minor, int Micro)> _all = [];

    /// <summary>Those of a minor version, with its first release, the oldest first.</summary>
    public IEnumerable<PythonVersion> Of(int minor) => _all.Where(one => one.Minor == minor).Select(static one => one.Micro).Prepend(0).Select(micro => PythonVersion.Parse(string.Create(CultureInfo.InvariantCulture, $"3.{minor}.{micro}")));

    internal void Add(VersionSpecifier versions)
    {
        foreach (var clause in versions.Clauses)
            Add(clause.Version);
    }

    internal void Add(Marker? marker)
    {
        switch (marker)
        {
            case Marker.All all:
                foreach (var one in all.Markers)
                    Add(one);
                break;
            case Marker.Any any:
                foreach (var one in any.Markers)
                    Add(one);
                break;
            case MarkerComparison { Left: var left, Right: var right } when IsRelease(left) || IsRelease(right):
                // With "in" there may be several.
                foreach (var version in $"{left.Text} {right.Text}".Split([' ', ',', '|', ';'], StringSplitOptions.RemoveEmptyEntries))
                    Add(PythonVersion.TryParse(version.EndsWith(".*", StringComparison.Ordinal) ? version[..^2] : version));
                break;
        }
    }

    private static bool IsRelease(MarkerOperand operand) => operand.Variable is MarkerVariable.PythonFullVersion or MarkerVariable.ImplementationVersion;

    /// <summary>It may be the last of its kind, or the first of another one.</summary>
    private void Add(PythonVersion? version)
    {
        if (version?.Release is not [var major, var minor, var micro, ..] || major != 3 || minor > 1000 || micro > 1000)
            return;
        if (micro > BigInteger.Zero)
            _all.Add(((int)minor, (int)micro));
        // No release comes between a pre-release and its release.
        if (!version.IsPreRelease)
            _all.Add(((int)minor, (int)micro + 1));
    }
}
