namespace Mayfly.Spec;

/// <summary>The order of starting: whatever a component uses stands before it; otherwise as declared.</summary>
internal static class StartOrder
{
    /// <exception cref="MayflyException">Components use each other in a circle, which is shown.</exception>
    public static IReadOnlyList<Component> Of(IReadOnlyList<Component> components)
    {
        var ordered = new List<Component>();
        var path = new List<Component>();
        foreach (var component in components)
            Visit(component);
        return ordered;

        void Visit(Component component)
        {
            if (ordered.Contains(component))
                return;
            if (path.IndexOf(component) is >= 0 and var start)
                throw new MayflyException($"components use each other in a circle: {string.Join(" → ", path.Skip(start).Append(component).Select(c => c.Name))}", "take one .Uses(…) away: nothing in a circle could start first");
            if (!components.Contains(component))
                throw new MayflyException($"component {path[^1].Name} uses {component.Name}, which belongs to another stack", "use components of one stack");
            path.Add(component);
            foreach (var used in component.Used)
                Visit(used);
            path.RemoveAt(path.Count - 1);
            ordered.Add(component);
        }
    }
}
