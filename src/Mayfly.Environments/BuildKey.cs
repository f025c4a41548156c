using System.Security.Cryptography;
using System.Text;
using Mayfly.Packages.Python.Resolving;

namespace Mayfly.Environments;

/// <summary>The hash of all that goes into a build: the sources, the interpreter, every wheel that it is built with, and what the backend is told.</summary>
internal static class BuildKey
{
    /// <summary>Changes when builds are done otherwise, so that what was built the old way is not taken for what would be built now.</summary>
    private const int Way = 1;

    public static string Of(SourceTree source, Interpreter interpreter, IReadOnlyList<BuiltWheel> wheels, IReadOnlyList<(string Name, string Value)> settings)
    {
        var target = interpreter.Target;
        var text = new StringBuilder($"{Way}\n{source.Sha256}\n{source.Name}{(source.Subdirectory is { } inside ? $"#{inside}" : "")}\n{(source.IsEditable ? "editable" : "wheel")}\n{interpreter.Executable}\n{target.Markers.ImplementationName} {target.Markers.PythonFullVersion} {target.Tags[0]}\n");
        foreach (var variable in (ReadOnlySpan<string>)["CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS"])
            text.Append($"{variable}={Environment.GetEnvironmentVariable(variable)}\n");
        // With their lengths: a value may have any character in it.
        foreach (var (name, value) in settings)
            text.Append($"setting {name.Length} {name}={value.Length} {value}\n");
        foreach (var wheel in wheels.OrderBy(static wheel => wheel.Name, StringComparer.Ordinal))
            text.Append($"{wheel.Name} {wheel.Sha256}\n");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
