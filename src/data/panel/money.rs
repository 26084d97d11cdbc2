//! Money of a panel: declared, evaluated and added up.

use crate::data::Panel;
use crate::data::money::{Money, Spending, total_name};
use crate::error::{Error, Result};

impl Panel {
    /// With a column of money, as the two columns `<name>` (a head, unless totals are asked for) and `<name>_total`.
    /// Several calls add several.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`], [`Error::ColumnKind`], [`Error::Domain`] for an infinite amount; [`Error::Argument`]
    /// for a name already taken, a calendar or base year that cannot be, or heads without a population declared
    /// before; [`Error::Money`] for a conversion that the bundled series cannot make.
    pub fn money(self, money: Money) -> Result<Self> {
        let made = money.evaluate(&self.frame, &self.index, self.frequency, self.population.as_deref())?;
        self.add(made.spending, made.values, made.totals)
    }

    /// With the sum of spendings already declared, under a new name. A row that lacks one of them lacks the sum.
    ///
    /// # Errors
    /// [`Error::Argument`] for a spending that is not declared, fewer than two, or a name already taken;
    /// [`Error::Money`] where their kinds differ, with how to convert.
    pub fn add_money(self, names: &[&str], name: &str) -> Result<Self> {
        let declared: Vec<&str> = self.spending.iter().map(|s| s.name.as_str()).collect();
        let find = |wanted: &&str| {
            self.spending.iter().find(|s| s.name == *wanted).ok_or_else(|| Error::Argument {
                argument: "names".into(),
                value: format!("`{wanted}`"),
                must: format!("spendings of the panel: {}", declared.join(", ")),
            })
        };
        let parts = names.iter().map(find).collect::<Result<Vec<_>>>()?;
        let [first, _, ..] = parts[..] else {
            let (argument, value) = ("names".into(), names.join(", "));
            return Err(Error::Argument { argument, value, must: "two spendings or more".into() });
        };
        for part in &parts[1..] {
            first.kind.require_same(&part.kind)?;
        }
        let sum = |column: fn(&Spending) -> &String| {
            let mut sum = vec![0.0; self.frame.rows()];
            for part in &parts {
                let values = self.frame.number(column(part))?;
                sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            }
            Ok::<_, Error>(sum)
        };
        let (values, totals) = (sum(|part| &part.name)?, sum(|part| &part.total)?);
        let mut notes = Vec::new();
        if let Some(part) = parts.iter().find(|part| part.given != first.given) {
            notes.push(format!(
                "added up after conversion; `{}` came as {}, `{}` as {}",
                first.column, first.given, part.column, part.given
            ));
        }
        for part in &parts {
            notes.extend(part.notes.iter().map(|note| format!("{}: {note}", part.name)));
        }
        let spending = Spending {
            name: name.to_owned(),
            total: total_name(&self.frame, name)?,
            column: parts.iter().map(|p| p.column.as_str()).collect::<Vec<_>>().join(" + "),
            given: first.given,
            kind: first.kind,
            notes,
        };
        self.add(spending, values, totals)
    }

    /// The money declared, in order.
    pub fn spending(&self) -> &[Spending] {
        &self.spending
    }

    fn add(mut self, spending: Spending, values: Vec<f64>, totals: Vec<f64>) -> Result<Self> {
        self.frame = self.frame.with_number(&spending.name, values)?.with_number(&spending.total, totals)?;
        self.spending.push(spending);
        Ok(self)
    }
}
