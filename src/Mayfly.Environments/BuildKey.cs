using System.Security.Cryptography;
using System.Text;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Environments;

/// <summary>The hash of all that goes into a build: the sources, the interpreter and where it runs, every wheel that it is built with, and what the backend is told.</summary>
internal static class BuildKey
{
    /// <summary>Changes when builds are done otherwise, so that what was built the old way is not taken for what would be built now.</summary>
    private const int Way = 2;

    public static string Of(SourceTree source, IBuildPlace place, IReadOnlyList<BuiltWheel> wheels, IReadOnlyList<(string Name, string Value)> settings)
    {
        var target = place.Interpreter.Target;
        var text = new StringBuilder($"{Way}\n{source.Sha256}\n{source.Name}{(source.Subdirectory is { } inside ? $"#{inside}" : "")}\n{(source.IsEditable ? "editable" : "wheel")}\n{target.Markers.ImplementationName} {target.Markers.PythonFullVersion} {target.Tags[0]}\n");
        text.Append($"{place.Inputs.Length} {place.Inputs}\n");
        // With their lengths: a value may have any character in it.
        foreach (var (name, value) in settings)
            text.Append($"setting {name.Length} {name}={value.Length} {value}\n");
        foreach (var wheel in wheels.OrderBy(static wheel => wheel.Name, StringComparer.Ordinal))
            text.Append($"{wheel.Name} {wheel.Sha256}\n");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
