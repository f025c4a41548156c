using System.Text.RegularExpressions;

namespace Mayfly.Spec;

/// <summary>
/// Renders templates: <c>{{ name }}</c> is replaced by a value, and an unknown name is an error with file and line. Values never
/// depend on placement, so that an image does not either.
/// </summary>
internal static partial class Templates
{
    public static string Render(Component component, Component.Step.Template template)
    {
        var path = Path.GetFullPath(template.Source, component.Stack.Folder);
        string source;
        try
        {
            source = File.ReadAllText(path);
        }
        catch (IOException e)
        {
            throw new MayflyException($"component {component.Name} renders {template.Source}, which cannot be read: {e.Message}", "paths are relative to stack.cs", e);
        }

        var values = Values(component, template);
        return Placeholder().Replace(source, match => values.TryGetValue(match.Groups[1].Value, out var value)
            ? value
            : throw new MayflyException(
                $"{template.Source}:{source.AsSpan(0, match.Index).Count('\n') + 1}: nothing is called `{match.Groups[1].Value}`",
                $"known names are {string.Join(", ", values.Keys)}"));
    }

    private static SortedDictionary<string, string> Values(Component component, Component.Step.Template template)
    {
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["stack.name"] = component.Stack.Name,
            ["stack.zone"] = component.Stack.Zone,
            ["component.name"] = component.Name,
            ["component.host"] = component.Host,
        };
        foreach (var used in component.Used)
        {
            values[$"{used.Name}.host"] = used.Host;
            if (used.Ports is [var port, ..])
                values[$"{used.Name}.port"] = port.Port.ToString();
        }

        foreach (var (name, value) in template.Values)
            values[name] = value;
        return values;
    }

    [GeneratedRegex(@"\{\{\s*([A-Za-z0-9_.-]+)\s*\}\}")]
    private static partial Regex Placeholder();
}
