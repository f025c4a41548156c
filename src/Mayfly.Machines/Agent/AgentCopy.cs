using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Mayfly.Machines.Local;
using Mayfly.Packages;

namespace Mayfly.Machines.Agent;

/// <summary>
/// The agent's own copy of its assemblies in the store, <c>agents/&lt;identity&gt;/</c>.
/// </summary>
/// <remarks>
/// Why a copy: a program whose assemblies are rebuilt underneath it breaks at the next one that it loads. What it holds: the closure of
/// <c>Mayfly.Agent.dll</c> over the folder of the running program, a runtimeconfig.json, and <c>agent.json</c>. The identity is over
/// the assemblies' module version ids, which deterministic builds give to equal sources, so that the tool and a script agree on it.
/// </remarks>
internal static class AgentCopy
{
    private const string Entry = "Mayfly.Agent";

    // Small rather than fast: one heap, collected while others wait, and no profiles of hot code.
    private const string RuntimeConfiguration = """
        {
          "runtimeOptions": {
            "tfm": "net10.0",
            "framework": { "name": "Microsoft.NETCore.App", "version": "10.0.0" },
            "configProperties": {
              "System.GC.Server": false,
              "System.GC.Concurrent": false,
              "System.GC.ConserveMemory": 7,
              "System.GC.RetainVM": false,
              "System.Runtime.TieredPGO": false,
              "System.Runtime.TieredCompilation": false,
              "System.Globalization.Invariant": true,
              "System.Text.Json.JsonSerializer.IsReflectionEnabledByDefault": false
            }
          }
        }
        """;

    /// <summary>What the agent of this program would be.</summary>
    public static AgentPlan Plan(string folder, Store store, RuntimePrograms programs, string runFolder)
    {
        if (!File.Exists(Path.Combine(folder, Entry + ".dll")))
        {
            throw new MayflyException($"{Entry}.dll is not beside this program, in {folder}",
                "programs published ahead of time or as a single file cannot start the agent: run the script with 'dotnet' or use the mayfly tool");
        }

        SortedDictionary<string, Guid> modules = new(StringComparer.Ordinal);
        Queue<string> open = new([Entry]);
        while (open.TryDequeue(out var name))
        {
            var path = Path.Combine(folder, name + ".dll");
            // What is not here is part of the framework.
            if (modules.ContainsKey(name) || !File.Exists(path))
                continue;
            using var reader = new PEReader(File.OpenRead(path));
            var metadata = reader.GetMetadataReader();
            modules.Add(name, metadata.GetGuid(metadata.GetModuleDefinition().Mvid));
            foreach (var reference in metadata.AssemblyReferences)
                open.Enqueue(metadata.GetString(metadata.GetAssemblyReference(reference).Name));
        }

        var parts = modules.Select(module => $"{module.Key} {module.Value}")
            .Append($"{AgentProgram.Protocol} {store.Root} {runFolder} {programs.Crun} {programs.Conmon} {programs.Nft}").Append(RuntimeConfiguration);
        var identity = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts))));
        return new AgentPlan(folder, [.. modules.Keys], new AgentSettings { Identity = identity, Store = store.Root, RunFolder = runFolder, Programs = programs });
    }

    /// <summary>Makes the copy unless it is there, and makes it the one that the watchdog starts next.</summary>
    /// <returns>The path that always leads to the current copy.</returns>
    public static string Install(AgentPlan plan, Store store)
    {
        var identity = plan.Settings.Identity;
        using var work = store.BeginWork("agent");
        if (!store.Has(StoreArea.Agents, identity))
        {
            var copy = Path.Combine(work.Path, identity);
            Directory.CreateDirectory(copy);
            foreach (var assembly in plan.Assemblies)
                File.Copy(Path.Combine(plan.Folder, assembly + ".dll"), Path.Combine(copy, assembly + ".dll"));
            File.WriteAllText(Path.Combine(copy, Entry + ".runtimeconfig.json"), RuntimeConfiguration);
            File.WriteAllBytes(Path.Combine(copy, AgentSettings.FileName), JsonSerializer.SerializeToUtf8Bytes(plan.Settings, AgentJson.Default.AgentSettings));
            store.Commit(copy, StoreArea.Agents, identity);
        }

        var link = Path.Combine(work.Path, "current");
        File.CreateSymbolicLink(link, identity);
        Linux.Files.Rename(link, Current(store));
        return Current(store);
    }

    /// <summary>The path that leads to the copy that the watchdog starts next.</summary>
    public static string Current(Store store) => store.PathOf(StoreArea.Agents, "current");
}

/// <param name="Folder">Where the assemblies are now.</param>
/// <param name="Assemblies">Their simple names.</param>
internal sealed record AgentPlan(string Folder, IReadOnlyList<string> Assemblies, AgentSettings Settings);
