namespace Mayfly.Images;

/// <summary>Shared libraries that a component's Python packages want, and neither those nor the image has.</summary>
/// <param name="component">Whose packages they are.</param>
/// <param name="wanted">Each library by the name that the linker looks for, with one that wants it.</param>
/// <param name="packages">The Debian packages that have them, as far as that is known.</param>
public sealed class MissingLibrariesException(string component, IReadOnlyDictionary<string, string> wanted, IReadOnlyDictionary<string, string>? packages = null)
    : MayflyException($"Python packages of {component} want shared libraries that the image does not have: {string.Join(", ", wanted.Select(static one => $"{one.Key} ({one.Value})"))}", Advice(component, wanted, packages))
{
    public string Component => component;

    public IReadOnlyDictionary<string, string> Wanted => wanted;

    private static string Advice(string component, IReadOnlyDictionary<string, string> wanted, IReadOnlyDictionary<string, string>? packages)
    {
        string[] known = [.. wanted.Keys.Where(library => packages?.ContainsKey(library) == true).Select(library => packages![library]).Distinct().Order(StringComparer.Ordinal)];
        string[] unknown = [.. wanted.Keys.Where(library => packages?.ContainsKey(library) != true)];
        var install = known.Length == 0 ? "" : $"add .Install({string.Join(", ", known.Select(static name => $"\"{name}\""))}) to {component}";
        return unknown.Length == 0 ? install
            : $"{install}{(install.Length > 0 ? "; and " : "")}install the Debian packages that have {string.Join(" and ", unknown)}, or take other versions of what wants {(unknown.Length == 1 ? "it" : "them")}";
    }
}
