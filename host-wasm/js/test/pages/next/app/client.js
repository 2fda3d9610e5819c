"use client";
import { Bank, init } from "sensilla/bank";
import { useEffect, useState } from "react";

export default function Client({ found }) {
  const [here, setHere] = useState("…");
  useEffect(() => {
    init().then(() => {
      const bank = new Bank(3, 10);
      bank.insert([0, 1, 0], 8);
      setHere(bank.search([0, 1, 0])[0].label);
    });
  }, []);
  return <p>{`server ${found}, page ${here}`}</p>;
}
